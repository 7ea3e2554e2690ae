{
  "format": "mingsuan-pack-signature/1",
  "digest": "e508c1621af3394a554ed7159963ac442b8c079a710c929802e7f8dbddcaf8d4",
  "key": "860e28ae671c712f",
  "signature": "4CiyPNQDgh2ZfOtrybJMC+OI2ZueSgvtzaZqouZXhuhfD9wwh4DfPOAuxjRRfWbzZN/hfSgsu+OtK0XeIZNpBg=="
}
