//! The page and its files: built in, or from the operator's folder.
//!
//! Only regular files inside the folder are served, none whose name begins with a dot, none over
//! [`FILE_BYTES_MAX`]; a link that leads out of the folder leads nowhere. The headers let a page load and run only what
//! came from this server, and forbid others to frame it.
//!
//! Never here: anything that changes from request to request (see `http`).

use std::fs;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{self, HeaderName, HeaderValue};

/// The largest file that is served: it is read into memory. Over it: 404.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The built-in files, so that the lone binary has a page.
const BUILT_IN: &[(&str, &str)] = &[
    ("index.html", include_str!("../../../assets/web/index.html")),
    ("start.css", include_str!("../../../assets/web/start.css")),
    ("start.js", include_str!("../../../assets/web/start.js")),
];

/// What a page may do: load from here, connect to here, be framed by nobody.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    // Asked again each time: a page and a server that differ in version do not understand each other.
    ("cache-control", "no-cache"),
];

/// The file for a path, from `folder` if there is one; none if there is no such file.
pub(super) async fn find(folder: Option<&Path>, path: &str) -> Option<Response<Full<Bytes>>> {
    let path = relative(path)?;
    let content_type = content_type(&path);
    let body = match folder {
        Some(folder) => {
            let folder = folder.to_owned();
            tokio::task::spawn_blocking(move || read(&folder, &path)).await.ok().flatten()?
        }
        None => {
            let found = BUILT_IN.iter().find(|(name, _)| Path::new(name) == path)?;
            Bytes::from_static(found.1.as_bytes())
        }
    };
    let mut response = Response::new(Full::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Some(response)
}

/// The path below the folder; a folder stands for its index. None for what is never served.
fn relative(path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    // Our own files have plain names: an escaped one is none of them.
    if path.contains(['%', '\\', '\0']) {
        return None;
    }
    let path = PathBuf::from(path);
    let plain = |part: Component<'_>| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    path.components().all(plain).then_some(path)
}

fn read(folder: &Path, path: &Path) -> Option<Bytes> {
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    let about = fs::metadata(&file).ok()?;
    if !file.starts_with(&folder) || !about.is_file() || about.len() > FILE_BYTES_MAX {
        return None;
    }
    fs::read(&file).ok().map(Bytes::from)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()).unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ogg" => "audio/ogg",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside_the_folder() {
        for (path, file) in [("/", "index.html"), ("/a/", "a/index.html"), ("/a/b.js", "a/b.js"), ("//a.js", "a.js")] {
            let relative = relative(path);
            match relative {
                Some(relative) if path != "//a.js" => assert_eq!(relative, Path::new(file)),
                _ => assert_eq!(path, "//a.js", "an absolute path is not one of ours"),
            }
        }
        for path in
            ["/..", "/../etc/passwd", "/a/../../b", "/.git/config", "/a/.b", "/%2e%2e/x", "/a\\..\\b", "x", "/a/./b/.."]
        {
            assert_eq!(relative(path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_leads_nowhere() {
        let scratch = std::env::temp_dir().join(format!("tickwire-{}-pages", std::process::id()));
        let folder = scratch.join("web");
        fs::create_dir_all(folder.join("sub")).expect("writable");
        fs::write(scratch.join("secret.txt"), "secret").expect("writable");
        fs::write(folder.join("a.txt"), "open").expect("writable");
        std::os::unix::fs::symlink(scratch.join("secret.txt"), folder.join("b.txt")).expect("writable");
        assert_eq!(read(&folder, Path::new("a.txt")).as_deref(), Some(b"open".as_slice()));
        assert_eq!(read(&folder, Path::new("b.txt")), None);
        assert_eq!(read(&folder, Path::new("sub")), None);
        assert_eq!(read(&folder, Path::new("c.txt")), None);
        fs::remove_dir_all(&scratch).expect("there");
    }

    #[test]
    fn the_built_in_page_names_only_files_that_are_built_in() {
        let (_, index) = BUILT_IN[0];
        for attribute in ["src=\"", "href=\"/"] {
            for part in index.split(attribute).skip(1) {
                let name = part.split('"').next().unwrap_or("").trim_start_matches('/');
                let there =
                    name.is_empty() || name.starts_with("api/") || BUILT_IN.iter().any(|(file, _)| *file == name);
                assert!(there, "{name}");
            }
        }
        assert!(!index.contains("<style") && !index.contains(" style="), "the policy forbids inline styles");
    }
}
