{
  "format": "mingsuan-pack-signature/1",
  "digest": "8891b703e3c17de0883e6fc69025ef933aefbb2073a9a3300f418cb2b82c33fe",
  "key": "860e28ae671c712f",
  "signature": "aN70lf1ACZrLnJVlMxtS0XM2pYf0ZjTe0PHTyHGu+ymty/tmst5kXG/JfkqoaiY7bYOT2nMQXxch1/AePbTSBA=="
}
