//! The query of a list that has no filter.

use domain::page::Limit;
use domain::problem::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract;
use super::schema::scalar;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    #[param(inline, value_type = scalar::Limit, required = false)]
    limit: Option<String>,
    #[param(inline, value_type = scalar::Cursor, required = false)]
    cursor: Option<String>,
}

impl PageQuery {
    /// # Errors
    /// [`Problem::InvalidInput`] where the limit is none.
    pub(crate) fn limit(&self) -> Result<Limit, Problem> {
        extract::limit(self.limit.as_deref())
    }

    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}
