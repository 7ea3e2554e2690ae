{
  "format": "mingsuan-pack-signature/1",
  "digest": "aabc9514b2578903dc412222cd9653241087bca1e184b8e31e2269a7f3fdd70a",
  "key": "860e28ae671c712f",
  "signature": "0EfKp8uVIXtmn66zHpiLlueuPXXeyz8VwkxgUEtiJN4ZhlwnvPowvpiiimPo3nGB8DBXBq6BJGWUGr+Mlxs7AA=="
}
