//! The world over our engine. Read only.
