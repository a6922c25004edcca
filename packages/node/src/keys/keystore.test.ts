import { addressOfSecretKey, bls, secureRandomBytes, toHex } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { decryptAccountKey, decryptBlsKey, encryptAccountKey, encryptBlsKey } from './keystore.ts'

describe('keystores', () => {
  // EIP-2335's own example (scrypt)
  const EIP_2335 = `{"crypto":{"kdf":{"function":"scrypt","params":{"dklen":32,"n":262144,"p":1,"r":8,"salt":"d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"},"message":""},"checksum":{"function":"sha256","params":{},"message":"d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484"},"cipher":{"function":"aes-128-ctr","params":{"iv":"264daa3f303d7259501c93d997d84fe6"},"message":"06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f"}},"description":"","pubkey":"9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07","path":"m/12381/60/3141592653/589793238","uuid":"1d85ae20-35c5-4611-98e8-aa14a633906f","version":4}`

  it('open the example of EIP-2335', () => {
    const password = '𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑'
    expect(toHex(decryptBlsKey(EIP_2335, password))).toBe(
      '0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    )
  })

  // an account file of go-ethereum's tests, with the empty password
  const WEB3 = `{"address":"45dea0fb0bba44f4fcf290bba71fd57d7117cbb8","crypto":{"cipher":"aes-128-ctr","ciphertext":"b87781948a1befd247bff51ef4063f716cf6c2d3481163e9a8f42e1f9bb74145","cipherparams":{"iv":"dc4926b48a105133d2f16b96833abf1e"},"kdf":"scrypt","kdfparams":{"dklen":32,"n":2,"p":1,"r":8,"salt":"004244bbdc51cadda545b1cfa43cff9ed2ae88e08c61f1479dbb45410722f8f0"},"mac":"39990c1684557447940d4c69e06b1b82b2aceacb43f284df65c956daf3046b85"},"id":"ce541d8d-c79b-40f8-9f8c-20f59616faba","version":3}`

  it('open an account file that another client made', () => {
    expect(addressOfSecretKey(decryptAccountKey(WEB3, ''))).toBe('0x45dea0fb0bba44f4fcf290bba71fd57d7117cbb8')
  })

  it('give back what was put in, and only for the password', () => {
    const secret = secureRandomBytes(32)
    const blsSecret = bls.secretKey(secureRandomBytes(32))
    const account = encryptAccountKey(secret, 'correct', 'light')
    const key = encryptBlsKey(blsSecret, 'correct', 'light')
    expect(decryptAccountKey(account, 'correct')).toEqual(secret)
    expect(decryptBlsKey(key, 'correct')).toEqual(blsSecret)
    expect(() => decryptAccountKey(account, 'wrong')).toThrow(/password is wrong/)
    expect(() => decryptBlsKey(key, 'wrong')).toThrow(/password is wrong/)
    expect(account).not.toContain(toHex(secret).slice(2))
    expect(key).not.toContain(toHex(blsSecret).slice(2))
  })

  it('refuse what is no keystore, and one that asks for too much memory', () => {
    for (const text of [
      '',
      '{}',
      '[]',
      'null',
      '{"version":3}',
      '{"version":4,"crypto":{}}',
      WEB3.replace('"n":2', '"n":1e12'),
    ])
      for (const open of [decryptAccountKey, decryptBlsKey])
        expect(() => open(text, 'x')).toThrow(expect.objectContaining({ code: 'keystore/format' }))
    expect(() => decryptAccountKey(WEB3.replace('dc4926', 'zz'), 'x')).toThrow(/keystore/)
  })
})
