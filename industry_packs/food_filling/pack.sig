{
  "format": "mingsuan-pack-signature/1",
  "digest": "967ac729f39d96a96d9a96e0de571c14f1e85e09be752a8be99af59e6a0d2bfb",
  "key": "860e28ae671c712f",
  "signature": "1TDcFqzIJiXDTsKldAgGhQ7U8hV8JqHosjfSjqglXxNUEXQ+bk3hY76rs8Qm8mcePbCgwzwXC77Quq/SjE+9AA=="
}
