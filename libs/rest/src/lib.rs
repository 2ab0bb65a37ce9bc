//! Requests, answers and problems of the HTTP interface as types, and the typed client.
