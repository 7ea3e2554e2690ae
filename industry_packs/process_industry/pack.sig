{
  "format": "mingsuan-pack-signature/1",
  "digest": "7cdb40055b8ea8c82d3c7759293088f7d6dcfdef8a7e433ea0413bc6db14304d",
  "key": "860e28ae671c712f",
  "signature": "x21TvIA9mcrUUAE/iePTQOnirMG13fMRqjShm9apT5f0ost7zErc2969Q5NmNQ/f9WU+5NByWxngk6nVLy7OCA=="
}
