{
  "format": "mingsuan-pack-signature/1",
  "digest": "a1acc578be95441381acc2c70476dc865b62d164685e55dc602bfb4b4e6be9a6",
  "key": "860e28ae671c712f",
  "signature": "kTEG0grB5dDtq7Rr3RXWzXG0yLrq5XznJsxv7f3kB1/LlRr51NaJxWiJkqFNURKyz5j2yDYa5ymhwCbO/WxMCQ=="
}
