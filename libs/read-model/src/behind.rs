//! Looks for the event behind another: the last before it that is like what is sought.

use gantry_events::{Place, Scope};
use gantry_views::why::Sought;
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::reader::{seq_of, unreadable};
use crate::writer::number;
use crate::{ReadError, Reader};

impl Reader {
    /// The last event before a place that is like one of these.
    pub async fn last_event(
        &self,
        before: Place,
        sought: &[Sought],
    ) -> Result<Option<Place>, ReadError> {
        let mut moment = self.moment(None).await?;
        let mut last = None;
        for one in sought {
            let mut sql = query(before, one);
            let row = sql.build().fetch_optional(&mut *moment.work).await?;
            let Some(row) = row else {
                continue;
            };
            let index: i64 = row.try_get("idx")?;
            last = last.max(Some(Place {
                seq: seq_of(row.try_get("seq")?),
                index: u32::try_from(index).map_err(unreadable)?,
            }));
        }
        Ok(last)
    }
}

fn query(before: Place, sought: &Sought) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("SELECT seq, idx FROM events WHERE (seq, idx) < (");
    sql.push_bind(number(before.seq)).push(", ");
    sql.push_bind(i64::from(before.index)).push(")");
    let columns = [
        ("kind", sought.kind.map(|kind| kind.as_str().to_owned())),
        ("id", sought.id.clone()),
        ("scope", sought.scope.as_ref().map(Scope::to_string)),
        ("operation", sought.operation.map(|id| id.to_string())),
    ];
    for (column, value) in columns {
        if let Some(value) = value {
            sql.push(" AND ").push(column).push(" = ").push_bind(value);
        }
    }
    if !sought.types.is_empty() {
        sql.push(" AND type IN (");
        let mut types = sql.separated(", ");
        for name in sought.types {
            types.push_bind(*name);
        }
        sql.push(")");
    }
    sql.push(" ORDER BY seq DESC, idx DESC LIMIT 1");
    sql
}
