{
  "format": "mingsuan-pack-signature/1",
  "digest": "1d238b480945f6427dcfd6ffba8661043bec0b99e9b487a4d28ecf05d4814c5c",
  "key": "860e28ae671c712f",
  "signature": "pv+fSrELg8U3elf92CCL/UrbZHJgl0av3lwiBzXMF3NdYG7QPzg1YokfjYNcK2tF/Wlm9ggYQilJ9WA6l20nCg=="
}
