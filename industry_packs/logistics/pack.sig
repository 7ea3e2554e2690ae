{
  "format": "mingsuan-pack-signature/1",
  "digest": "5ff70a0c1af778b4bbea5cbdce5fdc31ee513583307f00670a14606f094c336b",
  "key": "860e28ae671c712f",
  "signature": "ehxkYL480ZbJucHo0CbA5+t0rsNaC+YGBxzlpLXqvrcO2GvbTSuYUWbFvTeEeT6Nd+QuKCZC2Yv+NHi6cScfDA=="
}
