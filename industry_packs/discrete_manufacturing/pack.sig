{
  "format": "mingsuan-pack-signature/1",
  "digest": "bcf679c86eaa208eb9186fab4292c39bfd2946097b5d5914b08d37965092a3f3",
  "key": "860e28ae671c712f",
  "signature": "/6zfol3W6WcjqiuMriZBi/ZsWfSXxKYdf+XaC7AfJrHDeqX6jc/KFwtWpw0hIDfBQJmY5uGFkX7W+s+NvA0GBw=="
}
