{
  "format": "mingsuan-pack-signature/1",
  "digest": "8d5ea8ea0224f36450f8075591d84e777c4aa91de8a430780e2aa6c53fa42c7e",
  "key": "860e28ae671c712f",
  "signature": "YnsNpqcHac/X7fu0dCuIUZESwLKN/Z5mv3YyzznvdzhA8bPH1nFZtPDAprB5wLf1HbU7c+IfPvjd4p5CwSFGBA=="
}
