//! Which file stands for a path: one that is built in, one of the author's folder, a map.
//!
//! ```text
//!   /                leads to the game's page, if that is another and no folder is served
//!   /maps/NAME.tmx   a map that this server's rooms are played on
//!   anything else    a file of the folder, if one is served; else a built-in one
//!   /@EDITION/…      a built-in one that may be kept for good (see `edition`)
//!   /sdk/…           also built in where a folder is served that has none: an author's page finds the SDK beside it
//! ```
//!
//! Of a folder only regular files are served, of kinds that a browser loads (so no key or log that lies there), none whose name
//! begins with a dot, none over [`FILE_BYTES_MAX`], [`BYTES_HELD_MAX`] at a time; a link that leads out of it leads nowhere. Nobody keeps
//! them: what an author has saved is what the next look shows.
//!
//! Never here: how a file is answered (see `document`), what a page may do (see `policy`).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::built_in::FILES;
use super::document::Document;
use super::edition::{page_in_edition, path_in_edition};
use super::file_type::type_of;

/// The largest file of a folder that is served: it is read into memory. Over it: 404.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes of a folder's files that are held for those who are being sent them, however slowly they read; the next waits.
const BYTES_HELD_MAX: u64 = 64 * 1024 * 1024;

/// What is held is counted in so many bytes.
const HELD_UNIT: u64 = 1024;

/// Where maps are.
const MAPS: &str = "maps/";

/// What an author's page finds whether it brings it or not.
const SDK: &str = "sdk/";

/// The built-in files, packed once per process.
static BUILT_IN: LazyLock<BTreeMap<&str, Document>> = LazyLock::new(|| {
    let documents = FILES.iter().map(|(path, content_type, bytes)| {
        let page = path.ends_with(".html").then(|| str::from_utf8(bytes).ok()).flatten();
        let bytes = page.map_or_else(|| Bytes::from_static(bytes), |page| page_in_edition(page).into());
        (*path, Document::new(content_type, bytes))
    });
    documents.collect()
});

/// All that is served beside the game.
#[derive(Debug)]
pub(crate) struct Pages {
    folder: Option<PathBuf>,
    home: &'static str,
    /// By the file's name.
    maps: BTreeMap<String, Document>,
    /// A permit for each [`HELD_UNIT`] that may still be held.
    held: Arc<Semaphore>,
}

/// A file of a folder while it is sent.
struct Held {
    bytes: Vec<u8>,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Pages {
    /// The files of `folder`, which has its own index, or the built-in ones with the page at `home`; and these maps, a file's name
    /// and its bytes each.
    pub(crate) fn new(folder: Option<PathBuf>, maps: Vec<(String, Vec<u8>)>, home: &'static str) -> Self {
        if folder.is_none() {
            LazyLock::force(&BUILT_IN);
        }
        let home = if folder.is_some() { "/" } else { home };
        let document = |(name, bytes): (String, Vec<u8>)| {
            let content_type = type_of(&name).unwrap_or("application/octet-stream");
            (name, Document::new(content_type, bytes.into()))
        };
        let maps = maps.into_iter().map(document).collect();
        let held = Arc::new(Semaphore::new((BYTES_HELD_MAX / HELD_UNIT) as usize));
        Self { folder, home, maps, held }
    }

    /// The path of the page to play on.
    pub(super) const fn home(&self) -> &'static str {
        self.home
    }

    /// The file for a path, to a request with these headers; none if there is no such file.
    pub(super) async fn find(&self, path: &str, request: &HeaderMap) -> Option<Response<Full<Bytes>>> {
        if path == "/" && self.home != "/" {
            return Some(elsewhere(self.home));
        }
        let path = relative(path)?;
        if let Some(map) = path.strip_prefix(MAPS).and_then(|name| self.maps.get(name)) {
            return Some(map.answer(request));
        }
        let built_in = || BUILT_IN.get(&*path).map(|document| document.answer(request));
        let Some(folder) = &self.folder else {
            let of_edition = || BUILT_IN.get(path_in_edition(&path)?).map(|document| document.answer_for_good(request));
            return built_in().or_else(of_edition);
        };
        let content_type = type_of(&path)?;
        match self.read(folder.clone(), path.clone()).await {
            Some(bytes) => Some(unkept(content_type, bytes)),
            None if path.starts_with(SDK) => built_in(),
            None => None,
        }
    }

    async fn read(&self, folder: PathBuf, path: String) -> Option<Bytes> {
        let located = spawn_blocking(move || locate(&folder, Path::new(&path)));
        let (file, length) = located.await.ok().flatten()?;
        // Before it is read, and until the last byte of it is sent.
        let units = u32::try_from(length / HELD_UNIT + 1).ok()?;
        let permit = Arc::clone(&self.held).acquire_many_owned(units).await.ok()?;
        let bytes = spawn_blocking(move || read(&file, length)).await.ok().flatten()?;
        Some(Bytes::from_owner(Held { bytes, _permit: permit }))
    }
}

/// Where to look instead, this time.
fn elsewhere(path: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A file that may be another the next time.
fn unkept(content_type: &'static str, bytes: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The path below the folder; a folder stands for its index. None for what is never served.
fn relative(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    // Our own files have plain names: an escaped one is none of them, nor one that is a drive's.
    if path.contains(['%', '\\', '\0', ':']) {
        return None;
    }
    // Neither `..` nor `.git`, nor anything between two strokes.
    path.split('/').all(|name| !name.is_empty() && !name.starts_with('.')).then_some(path)
}

/// Where a file is and how long, if it may be served.
fn locate(folder: &Path, path: &Path) -> Option<(PathBuf, u64)> {
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    let about = fs::metadata(&file).ok()?;
    let may_be = file.starts_with(&folder) && about.is_file() && about.len() <= FILE_BYTES_MAX;
    may_be.then_some((file, about.len()))
}

/// A file, unless it has grown since it was looked at.
fn read(file: &Path, length: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(length + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::page_files::belonging_to_a_page;
    use super::*;

    fn found(pages: &Pages, path: &str) -> Option<Response<Full<Bytes>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(pages.find(path, &HeaderMap::new()))
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("web")).expect("writable");
        folder
    }

    #[test]
    fn a_path_stays_inside_the_folder() {
        for (path, file) in [("/", "index.html"), ("/a/", "a/index.html"), ("/a/b.js", "a/b.js")] {
            assert_eq!(relative(path).as_deref(), Some(file));
        }
        for path in [
            "/..",
            "/../etc/passwd",
            "/a/../../b",
            "/.git/config",
            "/a/.b",
            "/%2e%2e/x",
            "/a\\..\\b",
            "x",
            "/a/./b/..",
            "//a.js",
            "/a//b",
            "/C:/a",
        ] {
            assert_eq!(relative(path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_leads_nowhere() {
        let scratch = folder("pages");
        let web = scratch.join("web");
        fs::create_dir_all(web.join("sub")).expect("writable");
        fs::write(scratch.join("secret.txt"), "secret").expect("writable");
        fs::write(web.join("a.txt"), "open").expect("writable");
        std::os::unix::fs::symlink(scratch.join("secret.txt"), web.join("b.txt")).expect("writable");
        let (file, length) = locate(&web, Path::new("a.txt")).expect("it may be served");
        assert_eq!(read(&file, length).as_deref(), Some(b"open".as_slice()));
        assert_eq!(read(&file, length - 1), None, "it has grown");
        for path in ["b.txt", "sub", "c.txt"] {
            assert_eq!(locate(&web, Path::new(path)), None, "{path}");
        }
        File::create(web.join("large.txt")).and_then(|file| file.set_len(FILE_BYTES_MAX + 1)).expect("writable");
        assert_eq!(locate(&web, Path::new("large.txt")), None);
        fs::remove_dir_all(&scratch).expect("there");
    }

    #[test]
    fn an_authors_folder_is_read_anew_each_time_and_finds_the_sdk_beside_it() {
        let scratch = folder("author");
        let web = scratch.join("web");
        let pages = Pages::new(Some(web.clone()), Vec::new(), "/examples/any_game.html");
        assert!(found(&pages, "/").is_none(), "it has no index yet, and ours is not its");
        fs::write(web.join("index.html"), "mine").expect("writable");
        let response = found(&pages, "/").expect("now it has");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("etag"));
        for (path, ..) in FILES {
            assert_eq!(found(&pages, &format!("/{path}")).is_some(), *path == "index.html" || path.starts_with(SDK));
        }
        fs::remove_dir_all(&scratch).expect("there");
    }

    #[test]
    fn keys_logs_and_whatever_no_browser_loads_are_not_served_from_a_folder() {
        let scratch = folder("secrets");
        let web = scratch.join("web");
        fs::create_dir_all(web.join("data")).expect("writable");
        let secrets = [
            "data/dev-ca-key.pem",
            "data/server.key",
            "server.toml",
            "run.log",
            "data/00.journal",
            "README",
            "main.rs",
        ];
        let pages = Pages::new(Some(web.clone()), Vec::new(), "/");
        for path in secrets.into_iter().chain(["page.js"]) {
            fs::write(web.join(path), "something").expect("writable");
            assert_eq!(found(&pages, &format!("/{path}")).is_some(), path == "page.js", "{path}");
        }
        fs::remove_dir_all(&scratch).expect("there");
    }

    #[test]
    fn a_file_is_held_until_it_is_sent_and_no_more_are_held_than_may_be() {
        let scratch = folder("held");
        let web = scratch.join("web");
        File::create(web.join("film.gif")).and_then(|file| file.set_len(FILE_BYTES_MAX)).expect("writable");
        let pages = Pages::new(Some(web), Vec::new(), "/");
        let units = || pages.held.available_permits() as u64;
        let all = units();
        let response = found(&pages, "/film.gif").expect("served");
        assert!(units() * HELD_UNIT < BYTES_HELD_MAX - FILE_BYTES_MAX);
        assert!(units() * HELD_UNIT > FILE_BYTES_MAX, "others find room beside it");
        drop(response);
        assert_eq!(units(), all);
        fs::remove_dir_all(&scratch).expect("there");
    }

    #[test]
    fn a_game_with_a_page_of_its_own_is_found_from_the_top() {
        let pages = Pages::new(None, Vec::new(), "/examples/any_game.html");
        let response = found(&pages, "/").expect("it leads on");
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(response.headers()["location"], pages.home());
        assert_eq!(found(&pages, pages.home()).expect("and there it is").status(), StatusCode::OK);
        assert_eq!(
            Pages::new(Some("web".into()), Vec::new(), pages.home()).home(),
            "/",
            "an author's index comes first"
        );
    }

    #[test]
    fn the_maps_of_the_rooms_are_served_by_name_and_no_others() {
        let pages = Pages::new(None, vec![("field.tmx".to_owned(), b"<map/>".to_vec())], "/");
        let response = found(&pages, "/maps/field.tmx").expect("served");
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::OK, &"application/xml".parse().expect("valid"))
        );
        for path in ["/maps/other.tmx", "/maps/", "/maps/field.tmx/", "/maps/../field.tmx", "/field.tmx"] {
            assert!(found(&pages, path).is_none(), "{path}");
        }
    }

    /// Every file below a folder, from the top.
    fn files_below(folder: &Path, below: &str, files: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("readable") {
            let entry = entry.expect("readable");
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type().expect("known").is_dir() {
                files_below(&entry.path(), &format!("{path}/"), files);
            } else {
                files.push(path);
            }
        }
    }

    #[test]
    fn all_files_of_the_pages_are_built_in_as_they_are_and_nothing_else_is() {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/web");
        let mut files = Vec::new();
        files_below(&web, "", &mut files);
        files.retain(|path| belonging_to_a_page(path).is_some());
        files.sort();
        assert_eq!(FILES.iter().map(|(path, ..)| *path).collect::<Vec<_>>(), files);
        for (path, content_type, bytes) in FILES {
            assert_eq!(*bytes, fs::read(web.join(path)).expect("readable"), "{path}");
            assert_eq!(belonging_to_a_page(path), Some(*content_type));
            let response = found(&Pages::new(None, Vec::new(), "/"), &format!("/{path}")).expect("served");
            assert_eq!(response.headers()["content-type"], *content_type);
        }
    }

    #[test]
    fn built_in_pages_load_only_what_is_there_and_nothing_inline() {
        for (path, _, bytes) in FILES.iter().filter(|(path, ..)| path.ends_with(".html")) {
            let page = str::from_utf8(bytes).expect("UTF-8");
            for part in ["src=\"", "href=\""].iter().flat_map(|attribute| page.split(attribute).skip(1)) {
                let target = part.split('"').next().unwrap_or_default();
                let is_elsewhere = ["data:", "https:", "#", "/api/"].iter().any(|begin| target.starts_with(begin));
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let target = target.strip_prefix("./").unwrap_or(target);
                let absolute = if target.starts_with('/') { target.to_owned() } else { format!("/{folder}/{target}") };
                let absolute = absolute.replace("//", "/");
                let is_there = found(&Pages::new(None, Vec::new(), "/"), &absolute).is_some();
                assert!(is_elsewhere || is_there, "{path} names {target}");
            }
            for inline in ["<style", " style=", " onclick=", " onload=", " onerror=", "javascript:"] {
                assert!(!page.contains(inline), "the policy forbids what {path} has: {inline}");
            }
            for script in page.split("<script").skip(1) {
                assert!(script.split('>').next().is_some_and(|tag| tag.contains("src=")), "{path} has a script inline");
            }
        }
    }
}
