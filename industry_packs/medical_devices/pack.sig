{
  "format": "mingsuan-pack-signature/1",
  "digest": "720a5b0fea2406d3ad4c2664c2b1f75a271d9c8a5ea9bbb40ff1a806ba6bee62",
  "key": "860e28ae671c712f",
  "signature": "V2p/tI0xO9lP7WuQ/IP85mnE1XrMXjYhXFIG800dFT4gJuQfca3T7fKAjHd/6mEdrFn4dnlh5kfqz/pXQ7F+Dg=="
}
