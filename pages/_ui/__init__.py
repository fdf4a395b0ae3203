"""All Streamlit code that pages share: state, the photo, pictures, forms, charts. No torch code: it calls core."""
