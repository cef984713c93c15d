//! The known name that was probably meant.

use strsim::damerau_levenshtein;

/// How many names are offered at most: more is a list to read, not a suggestion.
const MOST: usize = 3;

/// The shortest prefix that says enough: `im` could be anything.
const SHORTEST_PREFIX: usize = 3;

/// The best match of [`nearest`].
pub fn best<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(name, known).into_iter().next()
}

/// The known names that resemble `name`, best first: those that differ in case and separators only, then those
/// within an edit distance of a third of its length, then those that continue it or that it continues.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = plain(name);
    let mut ranked: Vec<(usize, &str)> =
        known.into_iter().filter_map(|known| Some((distance(&wanted, &plain(known))?, known))).collect();
    ranked.sort_unstable();
    ranked.dedup();
    let Some(&(least, _)) = ranked.first() else { return Vec::new() };
    ranked.into_iter().take_while(|(distance, _)| *distance == least).map(|(_, known)| known).take(MOST).collect()
}

/// ``did you mean `a`?`` or ``did you mean `a` or `b`?``; none when nothing resembles.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = nearest(name, known).into_iter().map(|name| format!("`{name}`")).collect();
    let (last, rest) = names.split_last()?;
    Some(if rest.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", rest.join(", "))
    })
}

fn distance(wanted: &str, known: &str) -> Option<usize> {
    let length = wanted.chars().count();
    let edits = damerau_levenshtein(wanted, known);
    if edits <= length / 3 {
        return Some(edits);
    }
    let (short, long) = if length < known.chars().count() { (wanted, known) } else { (known, wanted) };
    // A common beginning is weaker than any edit distance that counts, and all beginnings weigh the same.
    (short.chars().count() >= SHORTEST_PREFIX && long.starts_with(short)).then_some(usize::MAX)
}

/// Without case and separators: `pull_policy`, `pull-policy` and `pullPolicy` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = ["pullPolicy", "pullSecrets", "socketEgress", "hostInterfaces", "cpu", "image"];

    #[test]
    fn case_and_separators_do_not_matter() {
        assert_eq!(best("pull_policy", KNOWN), Some("pullPolicy"));
        assert_eq!(best("Pull-Policy", KNOWN), Some("pullPolicy"));
    }

    #[test]
    fn up_to_a_third_of_the_letters_may_be_wrong() {
        assert_eq!(best("socketEgres", KNOWN), Some("socketEgress"));
        assert_eq!(best("hostInterface", KNOWN), Some("hostInterfaces"));
        assert_eq!(best("cpi", KNOWN), Some("cpu"));
        assert_eq!(best("xyz", KNOWN), None);
        assert_eq!(best("", KNOWN), None);
    }

    #[test]
    fn a_beginning_is_enough_and_all_that_continue_it_are_named() {
        assert_eq!(did_you_mean("pull", KNOWN).unwrap(), "did you mean `pullPolicy` or `pullSecrets`?");
        assert_eq!(did_you_mean("imageRepository", KNOWN).unwrap(), "did you mean `image`?");
        assert_eq!(did_you_mean("im", KNOWN), None);
    }
}
