use super::{Buckets, BucketsError};

#[test]
fn an_edge_belongs_to_the_bucket_that_it_ends() {
    let buckets = Buckets::new(&[0.5, 1.0]).unwrap();
    let found = [0.0, 0.5, 0.6, 1.0, 1.1, f64::INFINITY].map(|seconds| buckets.of(seconds));
    assert_eq!(found, [0, 0, 1, 1, 2, 2]);
}

#[test]
fn edges_are_positive_finite_and_ascending() {
    for (edges, error) in [
        (&[][..], BucketsError::Empty),
        (&[0.0], BucketsError::NotPositive(0.0)),
        (&[1.0, -2.0], BucketsError::NotPositive(-2.0)),
        (&[1.0, f64::INFINITY], BucketsError::NotPositive(f64::INFINITY)),
        (&[2.0, 1.0], BucketsError::NotAscending(2.0, 1.0)),
        (&[1.0, 1.0], BucketsError::NotAscending(1.0, 1.0)),
    ] {
        assert_eq!(Buckets::new(edges), Err(error));
    }
    assert!(matches!(Buckets::new(&[f64::NAN]), Err(BucketsError::NotPositive(_))));
}

#[test]
fn the_defaults_are_edges() {
    for buckets in [Buckets::of_requests(), Buckets::of_first_tokens(), Buckets::of_guardrails()] {
        assert_eq!(Buckets::new(buckets.edges()), Ok(buckets.clone()));
    }
}
