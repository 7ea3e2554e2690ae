{
  "format": "mingsuan-pack-signature/1",
  "digest": "7bafdca4d91de51ae8cb59ba0ce76b6d04c552646b3f2141677dd70138157b52",
  "key": "860e28ae671c712f",
  "signature": "ftSAB0xSQzhflFqwud2V6LZQw9iXTBNEJA+4KpkcnWcnRJJyUtmt7q/Pysv61764g3zhd+9naJABSLwsSmcKDg=="
}
