//! Opens what is sealed, written from the standards and with nothing of what seals: RFC 8017 (RSA-OAEP), FIPS 197 (AES),
//! NIST SP 800-38D (GCM). Slow and not constant in time, as a test may be.

use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// A private RSA key.
pub struct PrivateKey {
    modulus: BigUint,
    exponent: BigUint,
}

impl PrivateKey {
    /// The key of a PEM text. Source: RFC 8017, appendix A.1.2.
    pub fn read(pem: &str) -> Self {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64(&body).expect("a key is base64");
        let mut numbers = integers(&der);
        let [_, modulus, _, exponent] = [(); 4].map(|()| numbers.next().expect("a key has its numbers"));
        Self { modulus, exponent }
    }

    fn size(&self) -> usize {
        usize::try_from(self.modulus.bits().div_ceil(8)).expect("a key is not that long")
    }
}

/// The integers of a DER sequence.
fn integers(der: &[u8]) -> impl Iterator<Item = BigUint> {
    let (_, (mut left, _)) = value(der);
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let (tag, (inner, after)) = value(left);
        assert_eq!(tag, 2, "an integer");
        left = after;
        Some(BigUint::from_bytes_be(inner))
    })
}

/// A tag, and its content with what follows.
fn value(der: &[u8]) -> (u8, (&[u8], &[u8])) {
    let (tag, first) = (der[0], usize::from(der[1]));
    let (length, head) = if first < 0x80 {
        (first, 2)
    } else {
        let count = first & 0x7f;
        (der[2..2 + count].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), 2 + count)
    };
    (tag, der[head..].split_at(length))
}

/// The value in `sealed` under this label, or nothing if key, label or a single bit is another.
pub fn open(sealed: &str, label: &str, key: &PrivateKey) -> Option<Vec<u8>> {
    let bytes = base64(sealed)?;
    let (head, rest) = bytes.split_at_checked(2)?;
    let (wrapped, body) = rest.split_at_checked(usize::from(head[0]) << 8 | usize::from(head[1]))?;
    let session: [u8; 32] = oaep(wrapped, label.as_bytes(), key)?.try_into().ok()?;
    gcm(&session, body)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bits = Vec::new();
    for letter in letters.chars() {
        let value = match letter {
            'A'..='Z' => letter as u8 - b'A',
            'a'..='z' => letter as u8 - b'a' + 26,
            '0'..='9' => letter as u8 - b'0' + 52,
            '+' => 62,
            '/' => 63,
            _ => return None,
        };
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    Some(bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// RFC 8017, appendix B.2.1.
fn mask(seed: &[u8], length: usize) -> Vec<u8> {
    (0_u32..).flat_map(|counter| sha256(&[seed, &counter.to_be_bytes()])).take(length).collect()
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(a, b)| a ^ b).collect()
}

/// RFC 8017, section 7.1.2.
fn oaep(wrapped: &[u8], label: &[u8], key: &PrivateKey) -> Option<Vec<u8>> {
    if wrapped.len() != key.size() {
        return None;
    }
    let plain = BigUint::from_bytes_be(wrapped).modpow(&key.exponent, &key.modulus).to_bytes_be();
    let mut encoded = vec![0; key.size() - plain.len()];
    encoded.extend(plain);
    let (first, rest) = encoded.split_first()?;
    let (masked_seed, masked_data) = rest.split_at_checked(32)?;
    let seed = xor(masked_seed, &mask(masked_data, 32));
    let data = xor(masked_data, &mask(&seed, masked_data.len()));
    let (hash, padded) = data.split_at_checked(32)?;
    let end = padded.iter().position(|byte| *byte != 0)?;
    (*first == 0 && hash == sha256(&[label]) && padded[end] == 1).then(|| padded[end + 1..].to_vec())
}

/// NIST SP 800-38D, section 7.2, for a nonce of twelve zero bytes and nothing beside the text.
fn gcm(key: &[u8; 32], body: &[u8]) -> Option<Vec<u8>> {
    let (text, tag) = body.split_at_checked(body.len().checked_sub(16)?)?;
    let keys = round_keys(key);
    let block = |counter: u32| {
        let mut block = [0; 16];
        block[12..].copy_from_slice(&counter.to_be_bytes());
        encrypt(&keys, block)
    };
    let hash_key = u128::from_be_bytes(encrypt(&keys, [0; 16]));
    let length = u128::try_from(text.len()).expect("a text is not that long") * 8;
    let blocks = text.chunks(16).map(|chunk| {
        let mut block = [0; 16];
        block[..chunk.len()].copy_from_slice(chunk);
        u128::from_be_bytes(block)
    });
    let hash = blocks.chain([length]).fold(0, |hash, block| times(hash ^ block, hash_key));
    if (hash ^ u128::from_be_bytes(block(1))).to_be_bytes() != tag {
        return None;
    }
    Some(text.chunks(16).zip(2..).flat_map(|(chunk, counter)| xor(chunk, &block(counter))).collect())
}

/// NIST SP 800-38D, section 6.3.
fn times(one: u128, other: u128) -> u128 {
    let mut product = 0;
    let mut power = other;
    for bit in (0..128).rev() {
        if one >> bit & 1 == 1 {
            product ^= power;
        }
        power = (power >> 1) ^ ((power & 1) * (0xe1 << 120));
    }
    product
}

fn double(byte: u8) -> u8 {
    (byte << 1) ^ ((byte >> 7) * 0x1b)
}

fn product(mut one: u8, mut other: u8) -> u8 {
    let mut sum = 0;
    while other > 0 {
        sum ^= one * (other & 1);
        (one, other) = (double(one), other >> 1);
    }
    sum
}

/// FIPS 197, section 5.1.1.
fn substitute(byte: u8) -> u8 {
    let inverse = (0..=255).find(|other| product(byte, *other) == 1).unwrap_or(0);
    (0..5).fold(0x63, |sum, turn| sum ^ inverse.rotate_left(turn))
}

/// FIPS 197, section 5.2, for 32 bytes.
fn round_keys(key: &[u8; 32]) -> Vec<[u8; 4]> {
    let mut words: Vec<[u8; 4]> = key.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]).collect();
    let mut constant = 1;
    for at in 8..60 {
        let mut word = words[at - 1];
        if at % 8 == 0 {
            word.rotate_left(1);
        }
        if at % 4 == 0 {
            word = word.map(substitute);
        }
        if at % 8 == 0 {
            word[0] ^= constant;
            constant = double(constant);
        }
        let before = words[at - 8];
        words.push([0, 1, 2, 3].map(|byte: usize| word[byte] ^ before[byte]));
    }
    words
}

/// FIPS 197, section 5.1.
fn encrypt(keys: &[[u8; 4]], mut state: [u8; 16]) -> [u8; 16] {
    let boxes = SUBSTITUTES.with(Clone::clone);
    let add = |state: &mut [u8; 16], round: usize| {
        for (at, byte) in state.iter_mut().enumerate() {
            *byte ^= keys[4 * round + at / 4][at % 4];
        }
    };
    add(&mut state, 0);
    for round in 1..=14 {
        let moved: Vec<u8> = (0..16).map(|at| boxes[usize::from(state[(at + at % 4 * 4) % 16])]).collect();
        for (at, byte) in state.iter_mut().enumerate() {
            let of = |row: usize| moved[at / 4 * 4 + (at + row) % 4];
            *byte = if round == 14 { of(0) } else { double(of(0)) ^ double(of(1)) ^ of(1) ^ of(2) ^ of(3) };
        }
        add(&mut state, round);
    }
    state
}

thread_local! {
    static SUBSTITUTES: Vec<u8> = (0..=255).map(substitute).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    /// FIPS 197, appendix C.3.
    #[test]
    fn a_block_of_the_standard_is_encrypted() {
        let key: Vec<u8> = (0..32).collect();
        let plain = bytes("00112233445566778899aabbccddeeff").try_into().expect("16 bytes");
        let sealed = encrypt(&round_keys(&key.try_into().expect("32 bytes")), plain);
        assert_eq!(sealed.to_vec(), bytes("8ea2b7ca516745bfeafc49904b496089"));
    }

    /// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14.
    #[test]
    fn a_text_of_the_standard_is_opened() {
        let sealed = bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
        assert_eq!(gcm(&[0; 32], &sealed), Some(vec![0; 16]));
        assert_eq!(gcm(&[1; 32], &sealed), None);
    }
}
