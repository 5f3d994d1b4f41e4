//! XML as JSON and back, without losing anything that S3 says: elements keep their names and their
//! order, repeated ones become a list. Attributes are left out: they only say which dialect it is.

use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// The outermost element: its name, and what is in it, an object, or text if nothing else is.
pub(super) fn to_json(xml: &str) -> Result<(String, Value), quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![XmlElement::default()];
    loop {
        let event = reader.read_event()?;
        let mut inner = match event {
            Event::Start(start) => {
                open.push(XmlElement::of(start.local_name().as_ref()));
                continue;
            }
            Event::Empty(empty) => XmlElement::of(empty.local_name().as_ref()),
            // The reader has checked that it was open.
            Event::End(_) => open.pop().unwrap_or_default(),
            Event::Eof => break,
            event => {
                if let Some(outer) = open.last_mut() {
                    outer.text += &text(&event)?;
                }
                continue;
            }
        };
        if let Some(outer) = open.last_mut() {
            let name = std::mem::take(&mut inner.name);
            outer.insert(name, inner.into_value());
        }
    }
    let document = open.pop().unwrap_or_default();
    let outermost = document.inner.into_iter().next();
    Ok(outermost.unwrap_or_default())
}

/// The elements of an object, one after the other.
pub(super) fn from_json(value: &Value) -> String {
    let inner = match value {
        Value::Object(elements) => elements.iter(),
        Value::String(text) => return escape(text.as_str()).into_owned(),
        Value::Null => return String::new(),
        other => return other.to_string(),
    };
    let mut xml = String::new();
    for (name, value) in inner {
        let same = match value {
            Value::Array(several) => several.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in same {
            xml += &format!("<{name}>{}</{name}>", from_json(value));
        }
    }
    xml
}

#[derive(Default)]
struct XmlElement {
    name: String,
    inner: Map<String, Value>,
    text: String,
}

impl XmlElement {
    fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn insert(&mut self, name: String, value: Value) {
        match self.inner.get_mut(&name) {
            None => drop(self.inner.insert(name, value)),
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }

    fn into_value(self) -> Value {
        if self.inner.is_empty() {
            Value::String(self.text)
        } else {
            // Between elements there is nothing but white space.
            Value::Object(self.inner)
        }
    }
}

fn text(event: &Event<'_>) -> Result<String, quick_xml::Error> {
    Ok(match event {
        Event::Text(text) => text.xml10_content().into_owned(),
        Event::CData(text) => text.xml10_content().into_owned(),
        Event::GeneralRef(name) => unescape(&format!("&{};", name.xml10_content()))?.into_owned(),
        _ => String::new(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_gets_lost_on_the_way() {
        let inner = "<Rule><ID>a &lt;&amp;&#xE9;></ID><Filter></Filter></Rule>\
             <Rule><Filter><And><Prefix>a b/</Prefix><Tag><Key>k</Key><Value></Value></Tag>\
             <Tag><Key>l</Key><Value>2</Value></Tag></And></Filter></Rule><X>1</X>";
        let xml = format!("<?xml version=\"1.0\"?>\n<L xmlns=\"http://x/\">\n {inner}</L>");
        let (name, value) = to_json(&xml).unwrap();
        let expected = json!({
            "Rule": [
                {"ID": "a <&é>", "Filter": ""},
                {"Filter": {"And": {"Prefix": "a b/", "Tag": [
                    {"Key": "k", "Value": ""}, {"Key": "l", "Value": "2"},
                ]}}},
            ],
            "X": "1",
        });
        assert_eq!((name.as_str(), &value), ("L", &expected));
        let again = to_json(&format!("<L>{}</L>", from_json(&value)));
        assert_eq!(again.unwrap().1, expected);
        assert_eq!(
            to_json("<Empty/>").unwrap(),
            ("Empty".to_owned(), json!(""))
        );
        for torn in ["<Torn><Rule>", "<A></B>", "", "no XML"] {
            let found = to_json(torn);
            assert!(found.is_err() || found.unwrap().0.is_empty(), "{torn}");
        }
    }
}
