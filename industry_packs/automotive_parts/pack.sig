{
  "format": "mingsuan-pack-signature/1",
  "digest": "742edb09c14f8cb4ce9120d290e06e829bf739a47252d8b8c725bb9dd9f4703c",
  "key": "860e28ae671c712f",
  "signature": "jucLAmRMjBgl/gzyTGtFpTpgsNpvsKCXczxKRWOf61Cmbfz6TW/HFL8FNOjwoWXEPwgPdpeF3aSri2soMnA+Dg=="
}
