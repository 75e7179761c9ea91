//! A file that does not change, as it is answered: whole or packed, or "you have it".
//!
//! ```text
//!   If-None-Match has its tag?  ─ yes ─► 304, no body
//!        │ no
//!   Accept-Encoding allows gzip, and that made it smaller?  ─ yes ─► packed ─ no ─► as it is
//! ```
//!
//! Packed once and never again. The tag is a hash of the bytes, and another for the packed ones: they are not the same bytes.
//!
//! Never here: which file (see `pages`), what a page may do (see `policy`).

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

/// Bytes and their tag.
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

impl Form {
    fn of(bytes: Bytes, mark: &str) -> Self {
        let tag = format!("\"{:032x}{mark}\"", xxh3_128(&bytes));
        let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes, tag }
    }
}

/// A file that does not change.
#[derive(Debug)]
pub(super) struct Document {
    content_type: &'static str,
    whole: Form,
    /// None: it does not become smaller.
    packed: Option<Form>,
}

impl Document {
    /// A file of that type.
    pub(super) fn new(content_type: &'static str, bytes: Bytes) -> Self {
        let packed = pack(&bytes).map(|packed| Form::of(packed, "-gzip"));
        Self { content_type, whole: Form::of(bytes, ""), packed }
    }

    /// The answer to a request with these headers. Whoever keeps it asks each time whether it still holds: a page and a server
    /// that differ in version do not understand each other.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Full<Bytes>> {
        self.answer_kept(request, "no-cache")
    }

    /// The same for a path that never stands for anything else: whoever keeps it need not ask again.
    pub(super) fn answer_for_good(&self, request: &HeaderMap) -> Response<Full<Bytes>> {
        self.answer_kept(request, "public, max-age=31536000, immutable")
    }

    fn answer_kept(&self, request: &HeaderMap, keeping: &'static str) -> Response<Full<Bytes>> {
        let packed = self.packed.as_ref().filter(|_| accepts_gzip(request));
        let form = packed.unwrap_or(&self.whole);
        let is_known = values(request, &header::IF_NONE_MATCH).any(|tag| is_same(tag, &form.tag));
        let mut response = Response::new(Full::from(if is_known { Bytes::new() } else { form.bytes.clone() }));
        let headers = response.headers_mut();
        headers.insert(header::ETAG, form.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
        if self.packed.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// The same, smaller; none if it would hardly be.
fn pack(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < bytes.len() / 10 * 9).then(|| packed.into())
}

/// The items of a header that is a list and may stand there more than once.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

/// A tag of a list is this one, however weakly it is meant.
fn is_same(tag: &str, own: &HeaderValue) -> bool {
    tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == own.as_bytes()
}

/// Whether gzip may be sent: named with a weight above 0, or not named where everything is allowed.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let (mut named, mut any) = (None, None);
    for item in values(request, &header::ACCEPT_ENCODING) {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let allowed = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            named = Some(allowed);
        } else if coding == "*" {
            any = Some(allowed);
        }
    }
    named.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use http_body_util::BodyExt;
    use std::io::Read;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = list.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("valid")));
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    fn body(response: Response<Full<Bytes>>) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(response.into_body().collect()).expect("whole").to_bytes().to_vec()
    }

    fn text() -> Document {
        Document::new("text/plain; charset=utf-8", "again and again ".repeat(100).into())
    }

    #[test]
    fn gzip_is_sent_to_who_accepts_it_and_says_what_it_depends_on() {
        for (accepts, packed) in [
            ("gzip, deflate, br", true),
            ("GZIP;q=0.5", true),
            ("br, *", true),
            ("gzip;q=0, *", false),
            ("gzip ; q=0.000", false),
            ("gzip;q=much", false),
            ("br", false),
            ("*;q=0", false),
            ("", false),
        ] {
            let response = text().answer(&headers(&[("accept-encoding", accepts)]));
            assert_eq!(response.headers().get("content-encoding").is_some(), packed, "{accepts:?}");
            assert_eq!(response.headers()["vary"], "accept-encoding");
            let body = body(response);
            let mut plain = Vec::new();
            if packed {
                assert!(body.len() < 200, "{}", body.len());
                GzDecoder::new(&*body).read_to_end(&mut plain).expect("gzip");
            } else {
                plain = body;
            }
            assert_eq!(plain, "again and again ".repeat(100).into_bytes());
        }
    }

    #[test]
    fn what_does_not_become_smaller_is_sent_as_it_is() {
        let noise: Vec<u8> = (0..1000_u64).flat_map(|number| xxh3_128(&number.to_le_bytes()).to_le_bytes()).collect();
        let response = Document::new("image/png", noise.into()).answer(&headers(&[("accept-encoding", "gzip")]));
        assert!(response.headers().get("content-encoding").is_none() && response.headers().get("vary").is_none());
    }

    #[test]
    fn who_has_these_very_bytes_is_told_so_and_not_sent_them() {
        let tag = |accepts: &str| {
            let response = text().answer(&headers(&[("accept-encoding", accepts)]));
            response.headers()["etag"].to_str().expect("text").to_owned()
        };
        let (packed, whole) = (tag("gzip"), tag("identity"));
        assert!(packed != whole && packed.starts_with('"') && packed.ends_with('"'), "{packed} {whole}");
        for (accepts, has, known) in [
            ("gzip", &*packed, true),
            ("gzip", &*format!("\"other\", {packed}"), true),
            ("gzip", &*format!("W/{packed}"), true),
            ("identity", &*whole, true),
            ("gzip", "*", true),
            ("gzip", &*whole, false),
            ("identity", &*packed, false),
            ("gzip", "\"other\"", false),
        ] {
            let response = text().answer(&headers(&[("accept-encoding", accepts), ("if-none-match", has)]));
            let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
            assert_eq!(response.status(), status, "{accepts} {has}");
            for name in ["etag", "cache-control", "vary"] {
                assert!(response.headers().contains_key(name), "{name}");
            }
            assert_eq!(body(response).is_empty(), known);
        }
        let other = Document::new("text/plain; charset=utf-8", "again and again".into());
        assert_ne!(other.answer(&HeaderMap::new()).headers()["etag"], whole, "other bytes have another tag");
    }
}
