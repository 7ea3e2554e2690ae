{
  "format": "mingsuan-pack-signature/1",
  "digest": "c578fd01d5c3233d990326cd65bed6c7915aceb83bc41f77f6e567e65342836a",
  "key": "860e28ae671c712f",
  "signature": "SZzRa7KSSBzsMVyR5tUtlWU41jxkCzBJ97S/ora54X0vJJwVHlaPRL8BsevyNtcSghwSs0duOiv87ZMJqFDuCQ=="
}
