//! Logs on standard error as JSON lines or text, and traces over OTLP where an endpoint is named.

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Keeps telemetry going; what is left is sent when it is dropped.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level filter cannot be read.
    #[error(
        "log_filter `{filter}` cannot be read: {cause}; write it as `info` or `warn,gantry_bus=debug`"
    )]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The exporter cannot be made.
    #[error("traces cannot be sent to `{endpoint}`: {cause}")]
    Exporter {
        /// Where to.
        endpoint: String,
        /// What is wrong.
        cause: String,
    },
    /// Another subscriber stands already.
    #[error("telemetry was set up twice")]
    Twice,
}

impl Telemetry {
    /// Sets up logs with this level filter (`info`), and traces for `role` to an OTLP HTTP endpoint if
    /// one is named.
    pub fn start(
        role: &'static str,
        filter: &str,
        otlp_endpoint: Option<&str>,
    ) -> Result<Self, TelemetryError> {
        let levels = EnvFilter::try_new(filter).map_err(|cause| TelemetryError::Filter {
            filter: filter.to_owned(),
            cause: cause.to_string(),
        })?;
        let traces = otlp_endpoint
            .map(|endpoint| exporter(role, endpoint))
            .transpose()?;
        let spans = traces
            .as_ref()
            .map(|t| tracing_opentelemetry::layer().with_tracer(t.tracer(role)));
        let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = if std::io::stderr().is_terminal() {
            text.boxed()
        } else {
            text.json().boxed()
        };
        tracing_subscriber::registry()
            .with(levels)
            .with(spans)
            .with(lines)
            .try_init()
            .map_err(|_| TelemetryError::Twice)?;
        Ok(Self { traces })
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

fn exporter(role: &'static str, endpoint: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build();
    let exporter = exporter.map_err(|cause| TelemetryError::Exporter {
        endpoint: endpoint.to_owned(),
        cause: cause.to_string(),
    })?;
    let resource = Resource::builder()
        .with_service_name(format!("gantry-{role}"))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}
