{
  "format": "mingsuan-pack-signature/1",
  "digest": "bb9d642d13e1619d16554935393e2a38e1345cef5761e327bf40b2d70f5aef46",
  "key": "860e28ae671c712f",
  "signature": "Py6csqNzqGAuWYGhB8FkaekK1MNXb5FJJQM4+feOkWilie66Llr6I3sKoyFRwJjkfiQRzEYzssNXKdHMYmKnBA=="
}
