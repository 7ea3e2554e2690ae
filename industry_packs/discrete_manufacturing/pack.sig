{
  "format": "mingsuan-pack-signature/1",
  "digest": "769f275024b7e50ac5e9d5af77d904b28f2968505bfb7b4ec725fbe15f634ba9",
  "key": "860e28ae671c712f",
  "signature": "mcJS0t07xR/m/iMUk1Icsrh9ZKh84GNbFj8CWT4t3Lq5z52GHL06pWS8juQocyUb6qabdx232hII1kEYjh7fDA=="
}
