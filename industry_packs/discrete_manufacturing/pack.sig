{
  "format": "mingsuan-pack-signature/1",
  "digest": "c6596d500225a167ae6daf6330e07e8ef79aa495e39496bcffc523ff82579b14",
  "key": "860e28ae671c712f",
  "signature": "a7zknGs//YchEZ4ahhXNUXPSg5e4pTiFQXXxFcJlMe6EzHsRq55IZWvTtJ50ttd2OHgSpGCFiu2pmb7psyYzAw=="
}
