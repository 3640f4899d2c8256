//! Journeys over the deployed local stack.
