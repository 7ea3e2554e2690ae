{
  "format": "mingsuan-pack-signature/1",
  "digest": "2f72569881e5d0846de5bf733812ccc51b29edc3c6697849fa66201de38ab0ac",
  "key": "860e28ae671c712f",
  "signature": "YxJ6v+yH7Pq1AsOwUX7N0XPScs+9v9QowMfpxZFh+TX2GWfJAMAn5hORVfqYr7MSgGvAdzBfpdvM8bJgpjJ8Bg=="
}
