{
  "format": "mingsuan-pack-signature/1",
  "digest": "c5707d3b056c046dda6a270f77ae0751f47649dc2d5e6fba735cea0450692546",
  "key": "860e28ae671c712f",
  "signature": "gilYkHbCxwm2wv6sBT4IsC4Ov7MK1T9yZW9lzRewcN81iu88Tf8FL5gJC37VojC/mW2waB5Gt4rjke0mcBXZDw=="
}
