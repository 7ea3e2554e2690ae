{
  "format": "mingsuan-pack-signature/1",
  "digest": "708f008acee6e0b7732cf67ba1878f9ede1d93d30cac982888d933cec9774bce",
  "key": "860e28ae671c712f",
  "signature": "T4PQiWkMkVSepRKypAA2TCO7iNH1hVdkR0urGRNlyipQJr3KRyfKK20HvQMV8B4WmP9CjddKgI0HGPPurjsTCA=="
}
