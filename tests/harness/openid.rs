//! An OpenID provider of our own, which says of its one user what a test wants.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::openid_key::{RsaKey, Signed, encoded};
use super::request::HttpRequest;

/// What the sidecar has to show; a colon and a space need to be encoded.
pub(crate) const CLIENT_SECRET: &str = "Client-secret: of this test";
const CLIENT_ID: &str = "sidecar";

/// A provider on loopback, at another site than a sidecar: `localhost`.
pub(crate) struct OpenId {
    /// "http://localhost:PORT"
    pub(crate) issuer: String,
    provider: Arc<Mutex<Provider>>,
}

struct Provider {
    issuer: String,
    key: RsaKey,
    signed: Signed,
    /// In place of what it would say, or beside it.
    claims: Value,
    /// Client secrets in the form instead of as a password.
    takes_forms: bool,
    /// Requests for which it has given a code.
    codes: Vec<Fields>,
    keys_asked: usize,
}

type Fields = BTreeMap<String, String>;

impl OpenId {
    /// Its user is alice, a developer.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let provider = Provider {
            issuer: issuer.clone(),
            key: RsaKey::new("first"),
            signed: Signed::Well,
            claims: json!({}),
            takes_forms: false,
            codes: Vec::new(),
            keys_asked: 0,
        };
        let provider = Arc::new(Mutex::new(provider));
        let answering = Arc::clone(&provider);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, provider) = (connection.unwrap(), Arc::clone(&answering));
                std::thread::spawn(move || answer(connection, &provider));
            }
        });
        Self { issuer, provider }
    }

    /// `app.oidc` of a sidecar that asks it.
    pub(crate) fn config(&self) -> Value {
        json!({
            "issuer": self.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "grants": {"developers": "run", "ops": "admin"},
        })
    }

    /// From now on it says this, in place of what it would say or beside it.
    pub(crate) fn says(&self, claims: Value) -> &Self {
        self.provider.lock().unwrap().claims = claims;
        self
    }

    /// From now on its tokens are signed so.
    pub(crate) fn signs(&self, signed: Signed) -> &Self {
        self.provider.lock().unwrap().signed = signed;
        self
    }

    /// From now on it takes a client's secret as a field of the form.
    pub(crate) fn takes_forms(&self) -> &Self {
        self.provider.lock().unwrap().takes_forms = true;
        self
    }

    /// From now on it has another key.
    pub(crate) fn rotates(&self) -> &Self {
        self.provider.lock().unwrap().key = RsaKey::new("second");
        self
    }

    /// How often it was asked for its keys.
    pub(crate) fn keys_asked(&self) -> usize {
        self.provider.lock().unwrap().keys_asked
    }

    /// What its user's browser is sent on to, from the address that a sidecar has sent it to.
    pub(crate) fn signs_in(&self, url: &str) -> String {
        let query = url.strip_prefix(&format!("{}/authorize?", self.issuer));
        let query = query.unwrap_or_else(|| panic!("{url} is not at the provider"));
        self.provider.lock().unwrap().authorize(query)
    }
}

impl Provider {
    /// The address that it sends the browser back to, with a code.
    fn authorize(&mut self, query: &str) -> String {
        let fields = fields(query);
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(fields[name], value, "{fields:?}");
        }
        assert!(fields["scope"].split(' ').any(|scope| scope == "openid"));
        let back = format!(
            "{}?code=code-{}&state={}",
            fields["redirect_uri"],
            self.codes.len(),
            fields["state"]
        );
        self.codes.push(fields);
        back
    }

    /// What it gives for a code: one token, to the client that it knows, which shows what the code was asked with.
    fn token(&mut self, request: &HttpRequest) -> Result<String, &'static str> {
        let given = fields(std::str::from_utf8(&request.body).unwrap());
        let (id, secret) = match self.takes_forms {
            true => (given["client_id"].clone(), given["client_secret"].clone()),
            false => login(request).ok_or("invalid_client")?,
        };
        if (id.as_str(), secret.as_str()) != (CLIENT_ID, CLIENT_SECRET) {
            return Err("invalid_client");
        }
        let number = given["code"]
            .strip_prefix("code-")
            .and_then(|code| code.parse().ok());
        let asked: Option<Fields> =
            number.and_then(|number: usize| self.codes.get_mut(number).map(std::mem::take));
        let asked = asked
            .filter(|asked| !asked.is_empty())
            .ok_or("invalid_grant")?;
        let digest: [u8; 32] = Sha256::digest(&given["code_verifier"]).into();
        let challenge = encoded(&digest);
        if challenge != asked["code_challenge"] || given["redirect_uri"] != asked["redirect_uri"] {
            return Err("invalid_grant");
        }
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "248289761001", "preferred_username": "alice",
            "groups": ["staff", "developers"], "nonce": asked["nonce"], "iat": now, "exp": now + 300,
        });
        for (name, value) in self.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Ok(self.key.token(&claims, self.signed))
    }

    fn document(&self) -> Value {
        let issuer = &self.issuer;
        let method = if self.takes_forms {
            "client_secret_post"
        } else {
            "client_secret_basic"
        };
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "token_endpoint_auth_methods_supported": [method],
        })
    }
}

/// One request for each connection.
fn answer(mut connection: TcpStream, provider: &Mutex<Provider>) {
    let Some(request) = HttpRequest::read(&connection) else {
        return;
    };
    let mut provider = provider.lock().unwrap();
    let (line, query) = request.line.split_once('?').unwrap_or((&request.line, ""));
    let json = |value: Value| {
        (
            "200 OK",
            "Content-Type: application/json".to_owned(),
            value.to_string(),
        )
    };
    let (status, header, body) = match line {
        "GET /.well-known/openid-configuration" => json(provider.document()),
        "GET /keys" => {
            provider.keys_asked += 1;
            json(json!({"keys": [provider.key.public()]}))
        }
        "GET /authorize" => {
            let form = format!(
                "<h1>The provider</h1><form method=post action='?{query}'><button>I am alice</button></form>"
            );
            ("200 OK", "Content-Type: text/html".to_owned(), form)
        }
        "POST /authorize" => {
            let back = format!("Location: {}", provider.authorize(query));
            ("303 See Other", back, String::new())
        }
        "POST /token" => match provider.token(&request) {
            Ok(token) => {
                json(json!({"token_type": "Bearer", "access_token": "x", "id_token": token}))
            }
            Err(error) => {
                let (_, header, body) =
                    json(json!({"error": error, "error_description": "not with this"}));
                ("400 Bad Request", header, body)
            }
        },
        _ => ("404 Not Found", "X: y".to_owned(), String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // The client may have gone.
    let _ = connection.write_all((head + &body).as_bytes());
}

/// The name and the password of a client (RFC 6749, section 2.3.1).
fn login(request: &HttpRequest) -> Option<(String, String)> {
    let basic = request.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn fields(text: &str) -> Fields {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}
