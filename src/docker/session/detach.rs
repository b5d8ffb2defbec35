//! The keys that leave a container running and give the terminal back: ctrl-p ctrl-q.
//!
//! They are recognised on this side, so that they work whatever the container does.

/// The default keys: ctrl-p, ctrl-q.
const DEFAULT: [u8; 2] = [16, 17];

/// Recognises the detach keys in the input.
#[derive(Debug, Clone)]
pub(crate) struct DetachKeys {
    keys: Vec<u8>,
    /// The number of keys typed so far, which are held back.
    matched: usize,
}

impl DetachKeys {
    /// Recognises `text`, such as `ctrl-a,d`; the default keys if `text` is empty or invalid. Also returns whether
    /// `text` was valid.
    pub(crate) fn new(text: &str) -> (Self, bool) {
        let parsed = parse(text);
        let understood = parsed.is_some() || text.is_empty();
        let keys = parsed.unwrap_or_else(|| DEFAULT.to_vec());
        (Self { keys, matched: 0 }, understood)
    }

    /// Takes the input; returns the part to forward, and whether the sequence is complete. What follows it is dropped.
    pub(crate) fn pass(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len());
        for byte in typed {
            if *byte == self.keys[self.matched] {
                self.matched += 1;
                if self.matched == self.keys.len() {
                    return (passed, true);
                }
                continue;
            }
            // The keys held back were meant for the container; the new key may start the sequence again.
            passed.extend_from_slice(&self.keys[..self.matched]);
            self.matched = usize::from(*byte == self.keys[0]);
            if self.matched == 0 {
                passed.push(*byte);
            }
        }
        (passed, false)
    }
}

/// `a`, `ctrl-p`, `ctrl-@`, separated by commas, as bytes.
fn parse(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    text.split(',').map(key).collect()
}

fn key(word: &str) -> Option<u8> {
    match word.as_bytes() {
        [letter] => Some(*letter),
        _ => {
            let [letter] = word.strip_prefix("ctrl-")?.as_bytes() else {
                return None;
            };
            match letter {
                b'a'..=b'z' => Some(letter - b'a' + 1),
                b'A'..=b'Z' => Some(letter - b'A' + 1),
                b'@' => Some(0),
                b'[' | b'\\' | b']' | b'^' | b'_' => Some(letter - b'A' + 1),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `want` is what the container gets, and whether the terminal was given back.
    fn check(keys: &str, typed: &[&[u8]], want: (&[u8], bool)) {
        let (mut watch, _) = DetachKeys::new(keys);
        let (mut all, mut over) = (Vec::new(), false);
        for bytes in typed {
            let (passed, complete) = watch.pass(bytes);
            all.extend(passed);
            over |= complete;
        }
        assert_eq!((&all[..], over), want, "{keys} {typed:?}");
    }

    #[test]
    fn the_sequence_detaches_however_it_is_cut() {
        check("", &[&[16, 17]], (b"", true));
        check("", &[b"ls\n", &[16], &[17]], (b"ls\n", true));
        check("", &[&[16, 16, 17]], (&[16], true));
        check("ctrl-a,d", &[&[1], b"d"], (b"", true));
        check("q", &[b"abcq"], (b"abc", true));
        check(
            "",
            &[b"echo x > /f\n\x10\x11rest"],
            (b"echo x > /f\n", true),
        );
    }

    #[test]
    fn a_key_held_back_is_delivered_with_the_next_one() {
        check("", &[&[16]], (&[], false));
        check("", &[&[16], b"x"], (&[16, b'x'], false));
        check("", &[&[16, 16, b'x']], (&[16, 16, b'x'], false));
        check("ctrl-a,d", &[&[16, 17]], (&[16, 17], false));
    }

    #[test]
    fn keys_that_do_not_exist_are_refused() {
        assert!(!DetachKeys::new("ctrl").1);
        assert!(!DetachKeys::new("ctrl-1").1);
        assert!(!DetachKeys::new("a,,b").1);
        assert!(DetachKeys::new("ctrl-@,ctrl-[").1);
        assert!(DetachKeys::new("").1);
    }
}
