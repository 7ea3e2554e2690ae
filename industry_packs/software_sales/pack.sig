{
  "format": "mingsuan-pack-signature/1",
  "digest": "2007b2c0eb862f1c26a4ac72a4011b140f9f7619ae78cd0a83c57cdaee7926eb",
  "key": "860e28ae671c712f",
  "signature": "Lb34HckIsycPMNaRKuOMAdH0Lj42KmgJVvNik/trLXQ6FCMKJAUzzy4gPKX/bfCZ5nqOuxUfgsbO9zBzBh+TCQ=="
}
