{
  "format": "mingsuan-pack-signature/1",
  "digest": "603f7cd46558a040d14fb3fd692da2f49e38783b734a7c651c5a446f346e52d3",
  "key": "860e28ae671c712f",
  "signature": "90MKW4PpLT2IymejIGdJnNKaR2hpd1dUcSZZY7/ABX0b9Fcq5Y1ZAiAFi/76ya7GjTzZPtTicMHaBrBo5asnAw=="
}
