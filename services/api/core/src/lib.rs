//! What the api decides: who may join.
