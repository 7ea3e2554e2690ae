{
  "format": "mingsuan-pack-signature/1",
  "digest": "5d816e3d77ac335f55ce3bfc566282a976b62eb0ca141fbe7aa1e386af9afb95",
  "key": "860e28ae671c712f",
  "signature": "yP3vRIbj/5RVWhanbn8NEd5AHbSV+gnGYRfEON8/rJJOauH9YRH3f+FaHa8jIfyW/TXE1x3o4uCRQZMU/GMWCw=="
}
