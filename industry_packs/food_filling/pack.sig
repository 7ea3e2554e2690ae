{
  "format": "mingsuan-pack-signature/1",
  "digest": "171756cfe35824522cdede804f2e017bbf7b8721ad27bb9997e12aa76f402d1e",
  "key": "860e28ae671c712f",
  "signature": "342oH0v8HzhJF8TG6Bf7ev4OgPVRALynmVL5FEOSJrh1SZue2dCWpbpcXXWiV+WyKaaTZ1u5Y7lAXU9WJf95Cw=="
}
