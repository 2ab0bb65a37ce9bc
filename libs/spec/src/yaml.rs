//! YAML or JSON text to one located tree. What makes two readers see two things (anchors, tags,
//! merge keys, keys that stand twice, several documents) is reported here, and the tree goes on so
//! that the rest of the file is read as well. What keys mean is left to `read`.

use std::collections::BTreeMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::fault::{Fault, FaultCode, Faults};
use crate::parse::{MAX_DEPTH, MAX_KEY};
use crate::syntax;
use crate::tree::{Content, Entry, Node, Spot, below};

/// The tree of the text; nothing where a fault leaves no tree to read.
pub(crate) fn tree(text: &str, faults: &mut Faults) -> Option<Node> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        disallow_directives: true,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    Builder {
        text,
        parser,
        faults,
        pointers: vec![String::new()],
    }
    .document()
    .ok()
}

/// The fault that ended the reading has been remembered.
struct Stop;

struct Builder<'t, 'f> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    faults: &'f mut Faults,
    /// Where the builder is: one pointer a level, the innermost last.
    pointers: Vec<String>,
}

impl<'t> Builder<'t, '_> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let fault = self.fault(
                        span.start,
                        FaultCode::SeveralDocuments,
                        "a second document begins here",
                    );
                    self.faults.push(fault.suggest("keep one document a file"));
                    return Err(Stop);
                }
                Event::DocumentStart(..) => {}
                Event::StreamEnd => return root.ok_or_else(|| self.empty()),
                node => root = Some(self.node(node, span)?),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, Stop> {
        if self.pointers.len() > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.stop(span.start, FaultCode::TooDeep, message));
        }
        let spot = syntax::spot(span.start);
        let content = self.content(event, span)?;
        Ok(Node { spot, content })
    }

    fn content(&mut self, event: Event<'t>, span: Span) -> Result<Content, Stop> {
        Ok(match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.properties(anchor, tag.as_deref(), span)?;
                let quoted = style != ScalarStyle::Plain;
                // The parser says `~` where nothing is written.
                let text = if span.is_empty() && !quoted {
                    String::new()
                } else {
                    text.into_owned()
                };
                Content::Scalar { text, quoted }
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.properties(anchor, tag.as_deref(), span)?;
                Content::List(self.list()?)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.properties(anchor, tag.as_deref(), span)?;
                Content::Map(self.map()?)
            }
            // An alias; other events come in no node's place. Read as an empty text it brings no second fault.
            _ => {
                let message = "an alias stands for a value written elsewhere";
                let fault = self.fault(span.start, FaultCode::Anchor, message);
                self.faults.push(fault.suggest("write the value itself"));
                Content::Scalar {
                    text: String::new(),
                    quoted: true,
                }
            }
        })
    }

    fn list(&mut self) -> Result<Vec<Node>, Stop> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(items);
            }
            let item = self.below(&items.len().to_string(), event, span)?;
            items.push(item);
        }
    }

    fn map(&mut self) -> Result<Vec<Entry>, Stop> {
        let mut entries = Vec::new();
        let mut seen = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let key = self.node(event, span)?;
            let Content::Scalar { text, .. } = key.content else {
                let fault = self.fault(
                    span.start,
                    FaultCode::KeyNotText,
                    format!("a key is text, not {}", key.kind()),
                );
                self.faults.push(fault);
                self.value("")?;
                continue;
            };
            if text.len() > MAX_KEY {
                // Each fault below it would repeat it in its pointer.
                let message = format!("a key has at most {MAX_KEY} bytes, not {}", text.len());
                return Err(self.stop(span.start, FaultCode::TooLarge, message));
            }
            let value = self.value(&text)?;
            if plain && text == "<<" {
                let pointer = below(self.pointer(), &text);
                let message = "`<<` merges a mapping written elsewhere";
                let fault = Fault::new(key.spot, &pointer, FaultCode::MergeKey, message);
                self.faults.push(fault.suggest("write its keys here"));
                continue;
            }
            if let Some(first) = seen.insert(text.clone(), key.spot.line) {
                self.duplicate(key.spot, &text, first);
                continue;
            }
            entries.push(Entry {
                key: text,
                spot: key.spot,
                value,
                graft: None,
            });
        }
    }

    fn value(&mut self, key: &str) -> Result<Node, Stop> {
        let (event, span) = self.next()?;
        self.below(key, event, span)
    }

    fn below(&mut self, key: &str, event: Event<'t>, span: Span) -> Result<Node, Stop> {
        self.pointers.push(below(self.pointer(), key));
        let node = self.node(event, span);
        self.pointers.pop();
        node
    }

    /// Reports a node's tag and anchor. The parser tells an anchor's place right after its node.
    fn properties(&mut self, anchor: usize, tag: Option<&Tag>, span: Span) -> Result<(), Stop> {
        if tag.is_some() {
            let at = span.tag_start().unwrap_or(span.start);
            let fault = self.fault(at, FaultCode::Tag, "a tag changes how the value is read");
            self.faults
                .push(fault.suggest("remove it; quote the value if it is meant as text"));
        }
        if anchor != 0 {
            let (_, span) = self.next()?;
            let fault = self.fault(
                span.start,
                FaultCode::Anchor,
                "an anchor names a value for use elsewhere",
            );
            self.faults
                .push(fault.suggest("remove it and write each value where it belongs"));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let fault = syntax::fault(&error, self.text, self.pointer());
                self.faults.push(fault);
                Err(Stop)
            }
            None => Err(self.empty()),
        }
    }

    fn duplicate(&mut self, spot: Spot, key: &str, first: u32) {
        let pointer = below(self.pointer(), key);
        let message = format!("`{key}` stands here a second time, first at line {first}");
        self.faults.push(
            Fault::new(spot, &pointer, FaultCode::DuplicateKey, message)
                .suggest("keep one of them"),
        );
    }

    fn empty(&mut self) -> Stop {
        self.stop(
            Marker::new(0, 1, 0),
            FaultCode::EmptyFile,
            "the file is empty".to_owned(),
        )
    }

    fn stop(&mut self, at: Marker, code: FaultCode, message: String) -> Stop {
        let fault = self.fault(at, code, message);
        self.faults.push(fault);
        Stop
    }

    fn fault(&self, at: Marker, code: FaultCode, message: impl Into<String>) -> Fault {
        Fault::new(syntax::spot(at), self.pointer(), code, message)
    }

    fn pointer(&self) -> &str {
        self.pointers.last().map_or("", String::as_str)
    }
}
