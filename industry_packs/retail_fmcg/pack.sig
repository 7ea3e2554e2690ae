{
  "format": "mingsuan-pack-signature/1",
  "digest": "d3755e7aa1d4b0f031b2b0ebaf8510dae7d58cb469974f7558f209eb5da1ae90",
  "key": "860e28ae671c712f",
  "signature": "aKLDg6gzX2o8tFlKC0PJV8BTXbLJGFsFbKYXEKAjNTBFdP2fFNWxhvFqDsEBJj3+RfD5Tn7JgDL68kFbIjPYBw=="
}
