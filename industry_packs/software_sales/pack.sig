{
  "format": "mingsuan-pack-signature/1",
  "digest": "25c3ad36c51069a4f74e44e2c7266b5bdd2b5905e4cea7f384fc53499eb38b05",
  "key": "860e28ae671c712f",
  "signature": "+GgdZxhpd3mgVp0Zg6MPUETgo8nfJvObWt+HByEvLRb3QeFSjVgq0tzgYbGokvKI+FtMaB/tYaQ9oc2ejOLxAw=="
}
