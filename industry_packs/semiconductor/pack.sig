{
  "format": "mingsuan-pack-signature/1",
  "digest": "981bca2691f2ca5cafae5b9ffce58aa58e257e7ff58a21cf68636ce252c5f8fc",
  "key": "860e28ae671c712f",
  "signature": "pTp0iRC/6tdTpjAjeaQ3vD7PtVJo24SMq/AB5qSKc8ELyF8A/uho0G35xlI17j5ReCv8UApRiF4u0rXIkEx8Cg=="
}
