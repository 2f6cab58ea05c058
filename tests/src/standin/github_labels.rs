//! GitHub: labels, by name.

use serde_json::{Map, Value, json};

use super::github::{Answer, Call, error, invalid, not_found, text};
use super::github_view as view;
use super::message::Reply;

impl Call<'_> {
    /// Ids of labels that exist, by name. Others are dropped, and so are all of
    /// them without push access.
    pub(super) fn label_ids(&self, map: &Map<String, Value>) -> Result<Option<Vec<u64>>, Reply> {
        let given = match map.get("labels") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(given)) => given,
            Some(_) => return Err(invalid("Issue", "labels", "invalid")),
        };
        let mut ids = Vec::new();
        for item in given {
            let name = item.as_str().or_else(|| item.get("name")?.as_str());
            let name = name.ok_or_else(|| invalid("Label", "name", "invalid"))?;
            ids.extend(self.label_named(name).filter(|id| !ids.contains(id)));
        }
        Ok(self.writer().then_some(ids))
    }

    pub(super) fn label_named(&self, name: &str) -> Option<u64> {
        let mut labels = self.w.labels.iter();
        labels
            .find(|l| l.name.to_lowercase() == name.to_lowercase())
            .map(|l| l.id)
    }

    pub(super) fn label_shown(&self, id: u64) -> Option<Value> {
        let label = self.w.labels.iter().find(|l| l.id == id)?;
        Some(view::label(self.w, &self.api, label))
    }

    pub(super) fn create_label(&mut self) -> Answer {
        let map = self.object()?;
        if !self.writer() {
            return Err(not_found());
        }
        let name = text(&map, "Label", "name", 50)?.filter(|n| !n.trim().is_empty());
        let name = name.ok_or_else(|| invalid("Label", "name", "missing_field"))?;
        let color = text(&map, "Label", "color", 6)?.unwrap_or_else(|| "ededed".to_owned());
        if color.len() != 6 || !color.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(invalid("Label", "color", "invalid"));
        }
        if self.label_named(&name).is_some() {
            return Err(invalid("Label", "name", "already_exists"));
        }
        let id = self.w.new_label(&name, &color.to_lowercase(), false);
        Ok(Reply::json(
            201,
            &self.label_shown(id).unwrap_or(Value::Null),
        ))
    }

    pub(super) fn label_issue(&mut self, number: &str) -> Answer {
        let issue = self.one(number)?;
        let map = self.object()?;
        if !self.writer() {
            return Err(error(403, "Must have push access to Repository."));
        }
        let ids = self.label_ids(&map)?.unwrap_or_default();
        let replace = self.req.method == "PUT";
        self.w.change(issue.number, |i| {
            i.labels.retain(|id| !replace && !ids.contains(id));
            i.labels.extend(ids);
        });
        let issue = self.one(number)?;
        Ok(Reply::json(
            200,
            &json!(view::labels(self.w, &self.api, &issue)),
        ))
    }
}
