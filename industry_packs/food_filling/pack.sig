{
  "format": "mingsuan-pack-signature/1",
  "digest": "f705b8aac835f694543849a9f76808fe47004520506a209398428009d085da96",
  "key": "860e28ae671c712f",
  "signature": "sh5Qnc5nFr/5EyVIxXO5zPef9qJJ62+IMGTQJV7qngssfuUr091+m2mo5zS7in+lI311YcSUrE/xUfjwctJtAQ=="
}
