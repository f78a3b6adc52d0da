//! wttr [PLACE]: the weather there, in one line.

use std::ffi::{c_char, c_int, c_long, c_void, CStr, CString};

// From curl/curl.h; these numbers are part of libcurl's ABI.
const CURLOPT_URL: c_int = 10002;
const CURLOPT_USERAGENT: c_int = 10018;
const CURLOPT_FOLLOWLOCATION: c_int = 52;
const CURLOPT_FAILONERROR: c_int = 45;

extern "C" {
    fn curl_easy_init() -> *mut c_void;
    fn curl_easy_setopt(handle: *mut c_void, option: c_int, ...) -> c_int;
    fn curl_easy_perform(handle: *mut c_void) -> c_int;
    fn curl_easy_strerror(code: c_int) -> *const c_char;
    fn curl_easy_cleanup(handle: *mut c_void);
}

/// Prints the page; libcurl writes to stdout by itself.
fn show(url: &CStr) -> Result<(), String> {
    unsafe {
        let handle = curl_easy_init();
        if handle.is_null() {
            return Err("libcurl cannot be initialised".to_string());
        }
        curl_easy_setopt(handle, CURLOPT_URL, url.as_ptr());
        curl_easy_setopt(handle, CURLOPT_USERAGENT, c"curl".as_ptr());
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1 as c_long);
        curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1 as c_long);
        let code = curl_easy_perform(handle);
        let message = CStr::from_ptr(curl_easy_strerror(code))
            .to_string_lossy()
            .into_owned();
        curl_easy_cleanup(handle);
        if code == 0 {
            Ok(())
        } else {
            Err(message)
        }
    }
}

/// A place's name as a part of a URL.
fn escaped(place: &str) -> String {
    place
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                (byte as char).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn main() {
    let place = std::env::args().nth(1).unwrap_or_default();
    let url = CString::new(format!("https://wttr.in/{}?format=3", escaped(&place)))
        .expect("no NUL is left");
    if let Err(message) = show(&url) {
        eprintln!("wttr: {message}");
        std::process::exit(1);
    }
}
