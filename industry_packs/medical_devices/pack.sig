{
  "format": "mingsuan-pack-signature/1",
  "digest": "e88c26c7f76c62fecdd60784b717122d9b79e8e4b551483c9eafbe51907808db",
  "key": "860e28ae671c712f",
  "signature": "blKCeCR6FK2o8S0G7AjIR6ZSBsH3pvRnj5rN0B3P84ANgp9TTLKy7BOn88/+szdBx0ZFm22DCmiJkH9JnUZZCw=="
}
