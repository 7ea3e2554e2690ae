{
  "format": "mingsuan-pack-signature/1",
  "digest": "a19e7c66e6317bdba200e1fce38589a1c3ee62bf1b2b035a53e3dfc7b1d7460d",
  "key": "860e28ae671c712f",
  "signature": "EJ+jwtw8/cUZTbIF2lr1tY0hX+Tqbda/uOMV0SC4N8Uk40PnWmmxKmtl9uhINyJEZlbAb9gmnmtXL/pJ2zWYCg=="
}
